"""How a card was decided: one model of everything, and its views. No view says more than the model."""
