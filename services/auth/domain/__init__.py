"""The rules of people, places and sessions. Pure: values in, values out, or a Problem is raised."""
