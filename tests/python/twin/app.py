"""The web service as the course's model has it: FastAPI on uvicorn. What `crates/services` is compared with.

The same addresses and the same rules, written as FastAPI's own documentation writes them. It is started by
`uvicorn app:app`, for the contract tests' comparison and for `tools/benchmark.py services`.
"""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from datetime import date, datetime, timezone
from enum import Enum
from typing import Annotated

from fastapi import FastAPI, HTTPException, Path, Query, Response, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, StringConstraints

app = FastAPI(title="A web service in Python")
INSTANCE = uuid.uuid4().hex[:8]
RUN_TIME = 2.0  # seconds

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Description = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]
Id = Annotated[int, Path(ge=0, le=4_294_967_295)]


class Status(str, Enum):
    todo = "todo"
    doing = "doing"
    done = "done"


class Priority(str, Enum):
    low = "low"
    medium = "medium"
    high = "high"


class NewTask(BaseModel):
    model_config = ConfigDict(extra="forbid")
    title: Title
    description: Description
    status: Status = Status.todo
    priority: Priority = Priority.medium
    due: date | None = None


class Task(NewTask):
    id: int
    created_at: datetime
    updated_at: datetime


class TaskPage(BaseModel):
    items: list[Task]
    total: int
    page: int
    per_page: int


tasks: dict[int, Task] = {}
numbers = itertools.count(1)


@app.get("/")
async def hello():
    return {"message": "Hello from asyncio", "documentation": "/docs"}


@app.get("/items/{item_id}")
async def item(item_id: int, search_term: str | None = None):
    return {"item_id": item_id, "search_term": search_term}


@app.get("/tasks")
async def list_tasks(
    status: Status | None = None,
    priority: Priority | None = None,
    due: date | None = None,
    page: Annotated[int, Query(ge=1)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
) -> TaskPage:
    found = [
        task
        for task in tasks.values()
        if (status is None or task.status == status)
        and (priority is None or task.priority == priority)
        and (due is None or task.due == due)
    ]
    first = (page - 1) * per_page
    return TaskPage(items=found[first : first + per_page], total=len(found), page=page, per_page=per_page)


@app.post("/tasks", status_code=201)
async def create(new: NewTask, response: Response) -> Task:
    now = datetime.now(timezone.utc)
    task = Task(**new.model_dump(), id=next(numbers), created_at=now, updated_at=now)
    tasks[task.id] = task
    response.headers["location"] = f"/tasks/{task.id}"
    return task


@app.get("/tasks/{id}")
async def read(id: Id) -> Task:
    if id not in tasks:
        raise HTTPException(404, f"There is no task {id}.")
    return tasks[id]


@app.delete("/tasks/{id}", status_code=204)
async def delete(id: Id) -> None:
    if tasks.pop(id, None) is None:
        raise HTTPException(404, f"There is no task {id}.")


def _run(start: float, message: str) -> dict:
    return {"message": message, "duration_ms": (time.perf_counter() - start) * 1e3, "app_instance_id": INSTANCE}


@app.get("/say-hi")
async def say_hi():
    return _run(time.perf_counter(), "Hi")


@app.get("/standard-run")
def standard_run():
    start = time.perf_counter()
    time.sleep(RUN_TIME)
    return _run(start, "I blocked a thread of the pool")


@app.get("/slow-run")
async def slow_run():
    start = time.perf_counter()
    time.sleep(RUN_TIME)
    return _run(start, "I blocked the event loop")


@app.get("/fast-run")
async def fast_run():
    start = time.perf_counter()
    await asyncio.sleep(RUN_TIME)
    return _run(start, "I awaited")


saved: list[tuple[str, str]] = []


@app.websocket("/ws/{user_id}")
async def connect(socket: WebSocket, user_id: str):
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            saved.append((user_id, text))
            if len(saved) > 10_000:
                del saved[:5_000]
            await socket.send_json({"type": "saved", "number": len(saved), "text": text})
    except WebSocketDisconnect:
        pass
