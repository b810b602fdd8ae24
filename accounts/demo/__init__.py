"""A made-up household to try things out with: plain data, made-up prices, and what stores them."""
