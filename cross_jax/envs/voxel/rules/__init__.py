"""The rules of a tick: each one function of (state, action, params)."""
