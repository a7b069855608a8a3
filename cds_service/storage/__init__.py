"""What the service keeps: its journal, the clinicians' feedback, and which tokens were used (docs/storage.md)."""
