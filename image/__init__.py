"""Makes the SD card: builds its image, writes it, checks it."""
