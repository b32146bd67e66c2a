"""The answers to each call of `google.cloud.speech.v2.Speech` and `google.longrunning.Operations`."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
from google.cloud.speech_v2 import (
    BatchRecognizeRequest,
    Config,
    GetConfigRequest,
    ListRecognizersRequest,
    ListRecognizersResponse,
)
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2

from tests.google_cloud.batch_work import BatchWork
from tests.google_cloud.behaviours import Behaviours, Fault
from tests.google_cloud.operations import Operation, Operations
from tests.google_cloud.speech_requests import Refused, check, check_parent, invalid
from tests.google_cloud.speech_results import as_message

PAGE_SIZE, LARGEST_PAGE = 50, 1000


class SpeechMethods:
    """One project in one region. `calls` counts what came in, by method."""

    def __init__(
        self, operations: Operations, work: BatchWork, behaviours: Behaviours, *, project: str, region: str
    ) -> None:
        self.calls: Counter[str] = Counter()
        self._operations, self._work, self._behaviours = operations, work, behaviours
        self._project, self._region = project, region
        self._late: set[asyncio.Task[Any]] = set()

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """What a server is given; every other method answers UNIMPLEMENTED."""
        pb = operations_pb2
        speech = {
            "BatchRecognize": self._handler(self._batch_recognize, BatchRecognizeRequest.deserialize),
            "GetConfig": self._handler(self._get_config, GetConfigRequest.deserialize, Config.serialize),
            "ListRecognizers": self._handler(
                self._list_recognizers, ListRecognizersRequest.deserialize, ListRecognizersResponse.serialize
            ),
        }
        operations = {
            "GetOperation": self._handler(self._get_operation, pb.GetOperationRequest.FromString),
            "ListOperations": self._handler(self._list_operations, pb.ListOperationsRequest.FromString),
            "CancelOperation": self._handler(self._cancel_operation, pb.CancelOperationRequest.FromString),
            "DeleteOperation": self._handler(self._delete_operation, pb.DeleteOperationRequest.FromString),
        }
        return [
            grpc.method_handlers_generic_handler("google.cloud.speech.v2.Speech", speech),
            grpc.method_handlers_generic_handler("google.longrunning.Operations", operations),
        ]

    async def forget(self) -> None:
        """No calls have come in, and nothing is accepted late any more."""
        self.calls.clear()
        for task in self._late:
            task.cancel()
        await asyncio.gather(*self._late, return_exceptions=True)

    def _handler(
        self,
        answer: Callable[[Any], Any],
        read: Callable[[bytes], Any],
        write: Callable[[Any], bytes] = lambda message: message.SerializeToString(),
    ) -> grpc.RpcMethodHandler:
        method = "".join(part.capitalize() for part in answer.__name__.split("_"))

        async def handle(request: Any, context: grpc.aio.ServicerContext) -> Any:
            self.calls[method] += 1
            try:
                return await self._answer(method, lambda: answer(request))
            except Refused as refused:
                return await context.abort(refused.code, refused.message)

        return grpc.unary_unary_rpc_method_handler(handle, request_deserializer=read, response_serializer=write)

    async def _answer(self, method: str, answer: Callable[[], Any]) -> Any:
        fault = self._behaviours.fault_of(method)
        if fault is None:
            return answer()
        if not fault.accept:
            await asyncio.sleep(fault.hang_sec)  # ends with the call, when the client gives up
            return _refuse(fault) if fault.code else answer()
        return await self._whatever_the_client_does(self._accept(fault, answer))

    async def _accept(self, fault: Fault, answer: Callable[[], Any]) -> Any:
        await asyncio.sleep(fault.hang_sec)
        answered = answer()
        return _refuse(fault) if fault.code else answered

    async def _whatever_the_client_does(self, act: Awaitable[Any]) -> Any:
        """Seen through although the client may have gone."""
        task = asyncio.ensure_future(act)
        self._late.add(task)
        task.add_done_callback(self._seen_through)
        return await asyncio.shield(task)

    def _seen_through(self, task: "asyncio.Task[Any]") -> None:
        self._late.discard(task)
        if not task.cancelled():
            task.exception()  # the client that would hear of it may have gone

    def _batch_recognize(self, request: BatchRecognizeRequest) -> operations_pb2.Operation:
        parent = check(request, self._project, self._region)
        operation = self._operations.accept(parent, request, self._behaviours.orders())
        if not operation.ended:
            self._work.start(operation)
        return operations_pb2.Operation(name=operation.name, metadata=self._message(operation).metadata)

    def _get_config(self, request: GetConfigRequest) -> Config:
        parent = check_parent(request.name, self._project, self._region)
        return Config(name=f"{parent}/config")

    def _list_recognizers(self, request: ListRecognizersRequest) -> ListRecognizersResponse:
        check_parent(request.parent, self._project, self._region)
        return ListRecognizersResponse()

    def _get_operation(self, request: operations_pb2.GetOperationRequest) -> operations_pb2.Operation:
        return self._message(self._known(request.name))

    def _list_operations(self, request: operations_pb2.ListOperationsRequest) -> operations_pb2.ListOperationsResponse:
        """The newest first. The filter is accepted and ignored: what Google understands there is not documented."""
        parent = check_parent(request.name, self._project, self._region)
        listed = self._operations.listed(parent)
        if request.page_token:
            if not request.page_token.isdecimal():
                raise invalid("Invalid page_token.")
            listed = [operation for operation in listed if operation.number < int(request.page_token)]
        size = min(request.page_size or PAGE_SIZE, LARGEST_PAGE)
        page = listed[:size]
        return operations_pb2.ListOperationsResponse(
            operations=[self._message(operation) for operation in page],
            next_page_token=str(page[-1].number) if len(listed) > size else "",
        )

    def _cancel_operation(self, request: operations_pb2.CancelOperationRequest) -> empty_pb2.Empty:
        self._work.cancel(self._known(request.name))
        return empty_pb2.Empty()

    def _delete_operation(self, request: operations_pb2.DeleteOperationRequest) -> empty_pb2.Empty:
        self._operations.delete(self._known(request.name))
        return empty_pb2.Empty()

    def _known(self, name: str) -> Operation:
        check_parent(name, self._project, self._region)
        operation = self._operations.find(name)
        if operation is None:
            raise Refused(grpc.StatusCode.NOT_FOUND, f'Operation "{name}" not found.')
        return operation

    def _message(self, operation: Operation) -> operations_pb2.Operation:
        return as_message(operation, self._behaviours.progress)


def _refuse(fault: Fault) -> None:
    assert fault.code is not None
    raise Refused(grpc.StatusCode[fault.code], f"{fault.code}: on demand of the test.")
