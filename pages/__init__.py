"""What people see: each page asks for a view and draws it."""
