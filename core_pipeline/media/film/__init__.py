"""Moving pictures: encoding, joining with sound, fitting, captions. Import from the modules; this page stays light."""
