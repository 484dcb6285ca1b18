FROM python:3.13-slim AS build
WORKDIR /src
COPY requirements/demo.lock requirements/demo.lock
RUN python -m venv /opt/yilian && /opt/yilian/bin/pip install --no-cache-dir --require-hashes -r requirements/demo.lock
COPY . .
RUN /opt/yilian/bin/pip install --no-cache-dir --no-deps .

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /var/lib/yilian --create-home yilian
COPY --from=build /opt/yilian /opt/yilian
ENV PATH=/opt/yilian/bin:$PATH YILIAN_DATA_DIR=/var/lib/yilian/data YILIAN_CONFIG=/etc/yilian/consortium.yaml
USER yilian
VOLUME /var/lib/yilian/data
ENTRYPOINT ["yilian"]
CMD ["up"]
