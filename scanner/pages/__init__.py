"""The hub's pages for people: HTML from the server, no scripts, nothing from elsewhere. What they show and change is the hub's business."""
