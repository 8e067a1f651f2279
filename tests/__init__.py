"""The house checked from outside: rules, floors, journeys, faults and figures."""
