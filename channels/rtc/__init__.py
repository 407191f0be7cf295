"""WebRTC, for every channel whose calls come with an SDP; itself no channel."""
