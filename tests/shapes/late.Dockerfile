FROM {base}
ENV PYTHONUNBUFFERED=1
WORKDIR /srv
COPY . .
RUN apt-get update \
    && apt-get install -y {packages}
RUN pip install -r requirements.txt
EXPOSE 8000
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "app:app"]
