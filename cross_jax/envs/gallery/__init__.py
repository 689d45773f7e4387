"""Pictures of the embedded world for its documentation, drawn by the renderer itself."""
