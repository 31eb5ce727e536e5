"""Production files: reading them with every defect found, and writing them."""
