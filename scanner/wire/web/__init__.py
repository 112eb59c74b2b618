"""What web servers send: HTTP/1.1 answers, headers, pages, and the small files of a site. Pure parsers of hostile octets."""
