import flask


def main():
    print("mailer with", flask.Flask.__name__)


if __name__ == "__main__":
    main()
