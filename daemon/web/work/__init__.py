"""What people ask for and do on the page, as plain functions and small classes; nothing here knows how it is shown."""
