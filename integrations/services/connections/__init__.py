"""Do what a user does with a connection: connect, select, disconnect, erase."""
