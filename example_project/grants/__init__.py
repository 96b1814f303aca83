"""The backend whose database the migrations make: people apply for grants, and models help them write."""
