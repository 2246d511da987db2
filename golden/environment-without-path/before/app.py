import subprocess

shown = subprocess.run("flask --version", shell=True, env={"LANG": "C.UTF-8"}, check=True, capture_output=True, text=True)
print("it runs", "Flask" in shown.stdout)
