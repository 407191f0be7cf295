"""The protocol by which an engine works in another process or on another machine; the wire is told in README.md."""
