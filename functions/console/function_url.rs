//! Requests and answers as a Lambda function URL gives and takes them.

use aws_lambda_events::lambda_function_urls::{
    LambdaFunctionUrlRequest as UrlRequest, LambdaFunctionUrlResponse as UrlResponse,
};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONTENT_TYPE, COOKIE, SET_COOKIE};
use http::{HeaderValue, Method, StatusCode, Uri};
use tower::ServiceExt;

/// The largest answer, in bytes: Lambda gives out six megabytes.
const ANSWER_BYTES_MAX: usize = 5 * 1024 * 1024;

/// Answers one invocation.
pub async fn handle(router: &Router, event: UrlRequest) -> UrlResponse {
    let Ok(answer) = router.clone().oneshot(request(event)).await;
    let (mut parts, body) = answer.into_parts();
    let mut response = UrlResponse::default();
    let Ok(bytes) = to_bytes(body, ANSWER_BYTES_MAX).await else {
        response.status_code = StatusCode::INTERNAL_SERVER_ERROR.as_u16().into();
        return response;
    };
    response.status_code = parts.status.as_u16().into();
    // A function URL takes cookies apart from the other headers.
    let cookies = parts.headers.get_all(SET_COOKIE).iter();
    response.cookies = cookies.filter_map(|one| one.to_str().ok().map(str::to_owned)).collect();
    parts.headers.remove(SET_COOKIE);
    let kind = parts.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_text = kind.is_none_or(|kind| kind.starts_with("text/") || kind.contains("json"));
    response.is_base64_encoded = !is_text;
    response.body = Some(match is_text {
        true => String::from_utf8_lossy(&bytes).into_owned(),
        false => STANDARD.encode(&bytes),
    });
    response.headers = parts.headers;
    response
}

/// What is written wrongly becomes a request that nothing answers to.
fn request(event: UrlRequest) -> Request {
    let method = event.request_context.http.method.unwrap_or_default();
    let mut target = event.raw_path.unwrap_or_default();
    if let Some(query) = event.raw_query_string.filter(|query| !query.is_empty()) {
        target = format!("{target}?{query}");
    }
    let text = event.body.unwrap_or_default();
    let body = match event.is_base64_encoded {
        true => STANDARD.decode(text).unwrap_or_default(),
        false => text.into_bytes(),
    };
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::from_bytes(method.as_bytes()).unwrap_or(Method::TRACE);
    *request.uri_mut() = target.parse().unwrap_or(Uri::from_static("/"));
    *request.headers_mut() = event.headers;
    for cookie in event.cookies.unwrap_or_default() {
        if let Ok(value) = HeaderValue::from_str(&cookie) {
            request.headers_mut().append(COOKIE, value);
        }
    }
    request
}
