import os

import MySQLdb
from flask import Flask, abort, render_template

app = Flask(__name__)


def guests():
    # Without a server the fixed list below is shown
    if "MYSQL_HOST" not in os.environ:
        return ["Ada", "Grace", "Edsger"]
    connection = MySQLdb.connect(host=os.environ["MYSQL_HOST"], user="guestlist", database="guestlist")
    with connection.cursor() as cursor:
        cursor.execute("select name from guests order by name")
        return [name for (name,) in cursor.fetchall()]


@app.get("/")
def index():
    return render_template("list.html", guests=guests(), client=MySQLdb.get_client_info())


@app.get("/guest/<int:number>")
def guest(number):
    try:
        return guests()[number]
    except IndexError:
        abort(404)
