//! Requests and answers as a Lambda function URL gives and takes them.

use aws_lambda_events::lambda_function_urls::{
    LambdaFunctionUrlRequest as UrlRequest, LambdaFunctionUrlResponse as UrlResponse,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{Method, Uri};
use lazo_domain::instant::Instant;

use super::{Payload, Request, Webhooks, respond};
use crate::shell::app::App;

/// Answers one invocation.
pub async fn handle(
    app: &App,
    webhooks: Webhooks<'_>,
    event: UrlRequest,
    now: Instant,
) -> UrlResponse {
    let (parts, body) = respond(app, webhooks, &request(event), now).await.into_parts();
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
    let text = event.body.unwrap_or_default();
    let body = match event.is_base64_encoded {
        true => STANDARD.decode(text).unwrap_or_default(),
        false => text.into_bytes(),
    };
    let mut request = Request::new(Payload::Bytes(body));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap_or(Method::TRACE);
    *request.uri_mut() = path.parse().unwrap_or(Uri::from_static("/"));
    *request.headers_mut() = event.headers;
    request
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_the_bytes_that_came() {
        for (body, is_base64) in [("{\"id\":1}", false), ("eyJpZCI6MX0=", true)] {
            let event = serde_json::json!({
                "version": "2.0", "rawPath": "/shopify", "rawQueryString": "",
                "headers": { "x-shopify-topic": "orders/paid" },
                "requestContext": { "timeEpoch": 1, "http": { "method": "POST", "path": "/shopify" } },
                "body": body, "isBase64Encoded": is_base64,
            });
            let request = request(serde_json::from_value(event).unwrap());
            assert_eq!((request.method(), request.uri().path()), (&Method::POST, "/shopify"));
            assert_eq!(request.headers()["x-shopify-topic"], "orders/paid");
            assert!(matches!(request.body(), Payload::Bytes(bytes) if bytes == b"{\"id\":1}"));
        }
    }
}
