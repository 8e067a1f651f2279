// Shows the API's description with swagger-ui, from this server alone.
const place = document.getElementById("api");
window.SwaggerUIBundle({ url: place.dataset.address, domNode: place, validatorUrl: null });
