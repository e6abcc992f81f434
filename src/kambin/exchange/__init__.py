"""Files in and out: images, labels, case folders and documents."""
