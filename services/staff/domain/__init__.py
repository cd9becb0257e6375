"""The rules of staff, by noun. Pure: values in, values out, or a Problem is raised."""
