"""``python -m tools.events`` writes ``events/lambda/`` from the payloads under ``events/``."""

from tools.events.wrap import WRAPPED, text, wrapped


def main() -> None:
    """Write all files, and remove files that no payload produces any longer."""
    WRAPPED.mkdir(exist_ok=True)
    events = wrapped()
    for stale in {path.name for path in WRAPPED.iterdir()} - events.keys():
        (WRAPPED / stale).unlink()
    for name, event in events.items():
        (WRAPPED / name).write_text(text(event))
    print(f"{len(events)} events in {WRAPPED}")


if __name__ == "__main__":
    main()
