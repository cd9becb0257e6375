"""staff: who works here, and when they did.

Owns employees and their time cards. Publishes EmployeeSaved, ShiftStarted and ShiftEnded (the channel
``staff``). Consumes RestaurantUpdated of auth: currency, time zone and the end of the business day.
"""
