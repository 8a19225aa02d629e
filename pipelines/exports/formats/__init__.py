"""A module a format. Some hold bytes and write unit after unit; others tell of images, in a file at the end."""
