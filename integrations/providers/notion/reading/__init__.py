"""Read single objects and the rest of what a listing shows in part."""
