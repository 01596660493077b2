//! Comms, the channels of widgets: no one listens here, and a front end is told so. And a request from before them.

use client::Kernel;
use client::connection::Channel;
use client::protocol::{
    CommClose, CommId, CommInfoRequest, CommMsg, CommOpen, ExecutionState,
    JupyterMessageContent as Content, UnknownMessage,
};
use serde_json::{Map, json};

/// Sends what has no reply, and gives back what comes on iopub between its busy and its idle.
async fn between_busy_and_idle(kernel: &mut Kernel, message: impl Into<Content>) -> Vec<Content> {
    let request = kernel.send_ask(Channel::Shell, message).await;
    let mut contents = Vec::new();
    for place in 0.. {
        let content = kernel.next_iopub(&request).await.content;
        let Content::Status(status) = &content else {
            contents.push(content);
            continue;
        };
        let expected = match place {
            0 => ExecutionState::Busy,
            _ => ExecutionState::Idle,
        };
        assert_eq!(status.execution_state, expected);
        if place > 0 {
            break;
        }
    }
    assert_eq!(kernel.replies_so_far(&request), 0, "it has no reply");
    kernel.abandon(&request);
    contents
}

#[tokio::test]
async fn a_comm_that_is_opened_is_closed_at_once() {
    let mut kernel = Kernel::start().await;
    let comm_id = CommId("a-widget".to_owned());
    let open = CommOpen {
        comm_id: comm_id.clone(),
        target_name: "jupyter.widget".to_owned(),
        data: Map::new(),
        target_module: None,
    };
    let answers = between_busy_and_idle(&mut kernel, open).await;
    match answers.as_slice() {
        [Content::CommClose(close)] => assert_eq!(close.comm_id, comm_id),
        other => panic!("the answer to comm_open is {other:?}"),
    }
    // It is not among the open ones, and messages to it are taken and say nothing.
    let message = CommMsg {
        comm_id: comm_id.clone(),
        data: Map::new(),
    };
    assert!(between_busy_and_idle(&mut kernel, message).await.is_empty());
    let close = CommClose {
        comm_id,
        data: Map::new(),
    };
    assert!(between_busy_and_idle(&mut kernel, close).await.is_empty());
    for target_name in [None, Some("jupyter.widget".to_owned())] {
        let reply = kernel.ask(CommInfoRequest { target_name }).await;
        match reply.content {
            Content::CommInfoReply(reply) => assert!(reply.comms.is_empty(), "{reply:?}"),
            other => panic!("the reply is {other:?}"),
        }
    }
    kernel.execute("1 + 1").await.ok().result("2");
}

/// The request is deprecated, but part of the protocol: a reply with the ports.
#[tokio::test]
async fn it_says_its_ports() {
    let mut kernel = Kernel::start().await;
    let request = UnknownMessage {
        msg_type: "connect_request".to_owned(),
        content: json!({}),
    };
    let reply = kernel.ask(request).await;
    assert_eq!(reply.header.msg_type, "connect_reply");
    let content = match &reply.content {
        Content::UnknownMessage(reply) => reply.content.clone(),
        other => panic!("the reply is {other:?}"),
    };
    let file = std::fs::read_to_string(kernel.folder().join("connection.json"))
        .expect("the connection file is there");
    let file: serde_json::Value = serde_json::from_str(&file).expect("it is JSON");
    for port in [
        "shell_port",
        "iopub_port",
        "stdin_port",
        "control_port",
        "hb_port",
    ] {
        assert_eq!(content[port], file[port], "{port} in {content}");
    }
}
