FROM {base}
WORKDIR /app
RUN apt-get update && apt-get install -y {packages}
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
{start}
