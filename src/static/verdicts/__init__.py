"""From hazards to records: findings, assumptions, proposals, regions."""
