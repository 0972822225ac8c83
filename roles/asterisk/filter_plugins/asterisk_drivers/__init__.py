"""What Asterisk's two SIP drivers are told of the household."""
