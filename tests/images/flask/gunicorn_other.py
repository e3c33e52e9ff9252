# Another configuration: gunicorn -c gunicorn_other.py app:app
bind = "0.0.0.0:9000"
worker_class = "gthread"
threads = 4
