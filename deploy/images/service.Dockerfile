# One image for each service, all from this file:
#   docker build -f deploy/images/service.Dockerfile --build-arg SERVICE=limits -t sycee-limits .
# The service, the libraries it needs and nothing else, at the versions of requirements.lock.
FROM python:3.11-slim AS build
ARG SERVICE
RUN pip install --no-cache-dir uv
WORKDIR /src
COPY requirements.lock pyproject.toml ./
COPY libs/contracts libs/contracts
COPY libs/client libs/client
COPY libs/service libs/service
COPY services/${SERVICE} services/${SERVICE}
RUN uv venv /app \
    && uv pip install --no-editable --python /app/bin/python -c requirements.lock \
       ./libs/contracts ./libs/client ./libs/service ./services/${SERVICE}

FROM python:3.11-slim
ARG SERVICE
RUN useradd --system --uid 10001 sycee
COPY --from=build /app /app
RUN ln -s /app/bin/sycee-${SERVICE} /app/bin/serve
USER sycee
# Settings come from SYCEE_<SERVICE>_* variables, secrets from mounted files; SIGTERM drains.
ENTRYPOINT ["/app/bin/serve"]
