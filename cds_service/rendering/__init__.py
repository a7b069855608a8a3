"""From an Assessment and the words of cards/ to CDS Hooks cards. No clinical decision is taken here."""
