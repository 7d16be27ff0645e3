"""What a training run says of itself: figures, pictures, and a page that holds both."""
