"""A laboratory of mail servers in network namespaces of its own; ``lab.MailLab`` raises it, ``scenarios`` says what is in it."""
