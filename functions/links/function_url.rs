//! Requests and answers as a Lambda function URL gives and takes them.

use aws_lambda_events::lambda_function_urls::{
    LambdaFunctionUrlRequest as UrlRequest, LambdaFunctionUrlResponse as UrlResponse,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Uri};
use lazo_domain::instant::Instant;

use super::{BODY_BYTES_MAX, Payload, Request, respond};
use crate::shell::app::App;

/// Answers one invocation.
pub async fn handle(app: &App, event: UrlRequest, now: Instant) -> UrlResponse {
    let (parts, body) = respond(app, &request(event), now).await.into_parts();
    let mut response = UrlResponse::default();
    response.status_code = parts.status.as_u16().into();
    response.headers = parts.headers;
    response.body = Some(body);
    response
}

/// What is written wrongly becomes a request that nothing answers to.
fn request(event: UrlRequest) -> Request {
    let method = event.request_context.http.method.unwrap_or_default();
    let path = event.raw_path.unwrap_or_default();
    let mut request = Request::new(body(event.body, event.is_base64_encoded));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap_or(Method::TRACE);
    *request.uri_mut() = path.parse().unwrap_or(Uri::from_static("/"));
    *request.headers_mut() = event.headers;
    request
}

fn body(body: Option<String>, is_base64: bool) -> Payload {
    let text = body.unwrap_or_default();
    if !is_base64 {
        return Payload::new(text.into_bytes());
    }
    // Four characters stand for three bytes: what is longer need not be decoded.
    if text.len() / 4 * 3 > BODY_BYTES_MAX + 3 {
        return Payload::TooLarge;
    }
    Payload::new(STANDARD.decode(text).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(json: serde_json::Value) -> UrlRequest {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn an_invocation_is_an_ordinary_request() {
        let request = request(event(serde_json::json!({
            "version": "2.0",
            "rawPath": "/u/k1.abc.def",
            "rawQueryString": "",
            "headers": { "content-type": "text/plain", "accept-language": "es" },
            "requestContext": { "timeEpoch": 1, "http": { "method": "POST", "path": "/u/k1.abc.def" } },
            "body": STANDARD.encode("List-Unsubscribe=One-Click"),
            "isBase64Encoded": true,
        })));
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri().path(), "/u/k1.abc.def");
        assert_eq!(request.headers()["accept-language"], "es");
        assert_eq!(request.body(), &Payload::Bytes(b"List-Unsubscribe=One-Click".to_vec()));
    }

    #[test]
    fn bodies_are_bounded_before_and_after_decoding() {
        let most = "a".repeat(BODY_BYTES_MAX);
        assert_eq!(body(Some(most.clone()), false), Payload::Bytes(most.clone().into_bytes()));
        assert_eq!(
            body(Some(STANDARD.encode(&most)), true),
            Payload::Bytes(most.clone().into_bytes())
        );
        assert_eq!(body(Some(STANDARD.encode(format!("{most}a"))), true), Payload::TooLarge);
        assert_eq!(body(Some("a".repeat(1 << 20)), true), Payload::TooLarge);
        assert_eq!(body(None, false), Payload::Bytes(Vec::new()));
    }
}
