"""What formats share: the folder on disk, problems of names and order, sections, placeholders."""
