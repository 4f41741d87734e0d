"""The machinery all channels share: the contract, the way out, the signatures."""
