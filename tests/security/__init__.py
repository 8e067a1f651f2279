"""Attacks: what somebody tries who means harm, through HTTP or with many hands at once.

This folder mirrors no room of the product. A test stands here when it is about an attack and not
about a part; what a part promises is tested beside the others of its room.
"""
