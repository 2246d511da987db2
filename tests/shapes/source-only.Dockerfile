FROM {base}
WORKDIR /app
RUN apt-get update && apt-get install -y --no-install-recommends {packages} && rm -rf /var/lib/apt/lists/*
COPY requirements.txt .
RUN pip install --no-cache-dir --no-binary :all: -r requirements.txt
COPY . .
CMD ["python", "app.py"]
