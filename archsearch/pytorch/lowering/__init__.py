"""What each of torch's operations is in terms of ours."""
