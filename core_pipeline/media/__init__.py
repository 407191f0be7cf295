"""The media room: what strangers send is decoded in a sandbox, what we say is encoded here.

Import from the modules (`sandbox`, `encode`, `pcm`, `probe`); this page stays empty because the zygote
imports it too and must stay light.
"""
