"""What looks at a picture: one small module each, behind one protocol and an explicit registry."""
