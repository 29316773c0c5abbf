"""From a reply to a change set: parse, place, check. Pure: no disk, no network."""
