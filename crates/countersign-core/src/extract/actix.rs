//! actix-web.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpMessage, HttpRequest, HttpResponse, ResponseError};

use super::MissingLayer;
use crate::verify::Verified;

/// The verified delivery, for a handler behind a middleware. Without one, the response is 500, and the
/// log names the route. In shadow mode, take `Option<Verified>`.
impl FromRequest for Verified {
    type Error = MissingLayer;
    type Future = Ready<Result<Self, MissingLayer>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let verified = request.extensions().get::<Self>().cloned();
        ready(verified.ok_or_else(|| {
            let route = request.match_pattern();
            MissingLayer::of(route.as_deref().unwrap_or(request.path()))
        }))
    }
}

impl ResponseError for MissingLayer {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }

    fn error_response(&self) -> HttpResponse {
        self.log();
        HttpResponse::new(self.status_code())
    }
}
