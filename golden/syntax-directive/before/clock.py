import datetime

print(datetime.datetime.now(tz=datetime.timezone.utc).isoformat())
