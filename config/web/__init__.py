"""What surrounds every page: middleware, sessions, files, the web server's worker."""
