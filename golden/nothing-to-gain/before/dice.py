from random import Random

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.routing import Route


def roll(dice: str, seed: int | None = None) -> list[int]:
    count, _, sides = dice.partition("d")
    if not (count.isdigit() and sides.isdigit() and 0 < int(count) < 100 and int(sides) > 0):
        raise ValueError(dice)
    random = Random(seed)
    return [random.randint(1, int(sides)) for _ in range(int(count))]


async def handler(request):
    seed = request.query_params.get("seed")
    try:
        rolls = roll(request.path_params["dice"], int(seed) if seed else None)
    except ValueError:
        raise HTTPException(422, "write it like 2d6") from None
    return JSONResponse({"rolls": rolls, "sum": sum(rolls)})


app = Starlette(routes=[Route("/roll/{dice}", handler)])
